// The host's side of a card: the official AppBridge, told what to do by a test. `callTool` and `openLink` are the test's.
import {AppBridge, PostMessageTransport} from "@modelcontextprotocol/ext-apps/app-bridge";

const frame = document.querySelector("#sandbox");
let bridge;

async function show({html, csp, capabilities, context, sandbox}) {
  bridge = new AppBridge(null, {name: "a-test", version: "1"}, capabilities, {hostContext: context});
  if (capabilities.serverTools) bridge.oncalltool = window.callTool;
  if (capabilities.openLinks) bridge.onopenlink = window.openLink;
  bridge.onsizechange = ({height}) => { frame.style.height = `${height}px`; };
  const isReady = new Promise(done => { bridge.onsandboxready = done; });
  const isInitialized = new Promise(done => { bridge.oninitialized = done; });
  await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
  frame.src = sandbox;
  await isReady;
  await bridge.sendSandboxResourceReady({html, csp, sandbox: "allow-scripts"});
  await isInitialized;
}

window.host = {
  show,
  input: given => bridge.sendToolInput({arguments: given}),
  result: result => bridge.sendToolResult(result),
  cancelled: () => bridge.sendToolCancelled({reason: "the person stopped it"}),
  context: context => bridge.sendHostContextChange(context),
  teardown: () => bridge.teardownResource({}),
};
