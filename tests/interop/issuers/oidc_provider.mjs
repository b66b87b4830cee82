// A certified authorization server. Each line of stdin has its signing keys, the newest first; it answers with its URL.
import {createServer} from "node:http";
import {createRequire} from "node:module";
import {createInterface} from "node:readline";

const [packages, clients] = process.argv.slice(2);
const {default: Provider} = await import(createRequire(packages).resolve("oidc-provider"));
console.info = console.error;  // stdout is for the answers
let answer;
const server = createServer((request, response) => answer(request, response)).listen(0, "127.0.0.1");
await new Promise(done => server.once("listening", done));
const url = `http://127.0.0.1:${server.address().port}`;

for await (const line of createInterface({input: process.stdin})) {
  const keys = JSON.parse(line);
  const provider = new Provider(url, {
    jwks: {keys},
    clients: JSON.parse(clients),
    cookies: {keys: ["a test's"]},
    scopes: ["openid", "offline_access", "notes"],
    clientDefaults: {id_token_signed_response_alg: keys[0].alg},
    features: {
      introspection: {enabled: true},
      registration: {enabled: true},
      revocation: {enabled: true},
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, resource) => ({
          scope: "notes",
          audience: resource,
          accessTokenTTL: 600,
          accessTokenFormat: resource.endsWith("/opaque") ? "opaque" : "jwt",
          jwt: {sign: {alg: keys[0].alg}},
        }),
      },
    },
  });
  answer = provider.callback();
  process.stdout.write(`${url}\n`);
}
process.exit();
