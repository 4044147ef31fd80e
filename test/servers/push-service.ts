import { createECDH, randomBytes } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import ece from "http_ece";
import { decodeJwt } from "jose";

/** A message as a browser receives it. */
export interface ReceivedPush {
  readonly browser: string;
  readonly headers: IncomingHttpHeaders;
  /** The claims of the sender's token. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** The sender's public key, in base64url. */
  readonly key: string;
  readonly status: number;
  /** What the browser reads, decrypted by `http_ece`. */
  readonly text: string;
}

/** A push service on 127.0.0.1, and the browsers that are subscribed at it: the real ones cannot be reached from here. */
export class PushService {
  readonly received: ReceivedPush[] = [];
  /** The HTTP status for a message, and its `Retry-After` in seconds. */
  answer: (browser: string) => readonly [status: number, retryAfterS?: number] = () => [201];
  readonly keys: { readonly p256dh: string; readonly auth: string };
  readonly #server: Server;

  private constructor(server: Server, private_: ReturnType<typeof createECDH>, auth: Buffer) {
    this.#server = server;
    this.keys = { p256dh: private_.getPublicKey("base64url"), auth: auth.toString("base64url") };
  }

  static async start(): Promise<PushService> {
    const ecdh = createECDH("prime256v1");
    ecdh.generateKeys();
    const auth = randomBytes(16);
    const server = createServer((request, reply) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const browser = (request.url ?? "").slice(1);
        const [, token = "", key = ""] =
          /^vapid t=([^,]+), k=(.+)$/.exec(request.headers.authorization ?? "") ?? [];
        const [status, retryAfterS] = service.answer(browser);
        const text = ece
          .decrypt(Buffer.concat(parts), { version: "aes128gcm", privateKey: ecdh, authSecret: auth })
          .toString();
        const { headers } = request;
        service.received.push({ browser, headers, claims: decodeJwt(token), key, status, text });
        reply.writeHead(status, retryAfterS === undefined ? {} : { "retry-after": `${retryAfterS}` }).end();
      });
    });
    const service = new PushService(server, ecdh, auth);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return service;
  }

  get origin(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
