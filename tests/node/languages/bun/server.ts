import { Hono } from "hono";

const app = new Hono().get("/", (context) => context.text(`bun ${Bun.version}`));
const server = Bun.serve({ port: 3000, fetch: app.fetch });
console.log(`listening on port ${server.port}`);
