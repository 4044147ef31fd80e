/** Firefox has no `Request.body`, which the SDKs' servers read: those of the tests run in the page. Holdfast does not need it. */
if (!("body" in Request.prototype))
  Object.defineProperty(Request.prototype, "body", {
    get(this: Request): ReadableStream<Uint8Array> | null {
      if (this.method === "GET" || this.method === "DELETE") return null;
      const whole = this.clone().arrayBuffer();
      return new ReadableStream<Uint8Array>({
        async start(controller) {
          controller.enqueue(new Uint8Array(await whole));
          controller.close();
        },
      });
    },
  });

export {};
