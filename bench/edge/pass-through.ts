import { Hono } from "hono";
import { proxy } from "hono/proxy";

/** The least that can stand before a server: what a gateway costs beyond it is the gateway's own. */
const app = new Hono<{ Bindings: { readonly UPSTREAM: string } }>();
app.get("/healthz", (c) => c.json({ ok: true }));
app.all("/mcp", (c) => proxy(c.env.UPSTREAM, { ...c.req }));

export default app;
