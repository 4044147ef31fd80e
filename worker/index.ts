import { Hono } from "hono";
import { cors } from "hono/cors";
import type { Bindings } from "./bindings.ts";

export { Metrics } from "./objects/metrics.ts";
export { PrincipalDirectory } from "./objects/principal-directory.ts";
export { TaskGroup } from "./objects/task-group.ts";
export { SampleLab } from "./samples/lab.ts";

const app = new Hono<{ Bindings: Bindings }>();

app.get("/healthz", (c) => c.json({ ok: true }));

// The samples hold nothing of anyone's, and pages of any origin try their client against them.
app.use(
  "/samples/*",
  cors({
    origin: "*",
    allowMethods: ["GET", "POST", "DELETE", "OPTIONS"],
    exposeHeaders: ["mcp-session-id", "mcp-protocol-version", "retry-after"],
  }),
);

app.all("/samples/:lab{[a-z0-9-]{1,64}}/*", (c) =>
  c.env.SAMPLE_LAB.getByName(c.req.param("lab")).fetch(c.req.raw),
);
app.all("/samples/*", (c) => c.json({ error: "A lab is named by 1 to 64 of a-z, 0-9 and the hyphen" }, 404));

app.all("*", (c) => c.env.ASSETS.fetch(c.req.raw));

export default app;
