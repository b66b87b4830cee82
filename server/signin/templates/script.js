const first = document.querySelector("[autofocus]:not(.error, [aria-invalid])");
if (first) {
  first.focus({ preventScroll: true });
  scrollTo(0, 0); // the browser may have been quicker
  first.scrollIntoView({ block: "nearest" }); // so that the confirm code stays in view
}
for (const time of document.querySelectorAll("time"))
  time.textContent = "until " + new Date(time.dateTime).toLocaleTimeString([], { timeStyle: "short" });
const say = text => { for (const status of document.querySelectorAll("[role=status]")) status.textContent = text; };
addEventListener("submit", () => say("One moment: waiting for an answer …"));
addEventListener("pageshow", () => say(""));
