for (const time of document.querySelectorAll("time"))
  time.textContent = "until " + new Date(time.dateTime).toLocaleTimeString([], { timeStyle: "short" });
const say = text => { for (const status of document.querySelectorAll("[role=status]")) status.textContent = text; };
addEventListener("submit", () => say("One moment: waiting for an answer …"));
addEventListener("pageshow", () => say(""));
