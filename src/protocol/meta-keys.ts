/** The reserved keys of `_meta` and names of extensions, declared once for the library, the worker and the proxy. */
export const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";
/** 2025-11-25: the task that a message belongs to. */
export const RELATED_TASK = "io.modelcontextprotocol/related-task";
/** What a server wants a model to read while a task runs. */
export const IMMEDIATE_RESPONSE = "io.modelcontextprotocol/model-immediate-response";
/** 2026-07-28: the request whose stream a notification comes on. */
export const SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId";
/** 2026-07-28: who serves and who asks, which version is spoken, and what the client can do, in each message. */
export const SERVER_INFO = "io.modelcontextprotocol/serverInfo";
export const PROTOCOL_VERSION = "io.modelcontextprotocol/protocolVersion";
export const CLIENT_INFO = "io.modelcontextprotocol/clientInfo";
export const CLIENT_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
/** What servers read that take idempotency keys. The specification names no key for it, and reserves the prefixes of its own. */
export const IDEMPOTENCY_KEY = "idempotencyKey";
/** The form of a key (index, "Key name format"): an optional prefix of labels, and a name. */
export const META_KEY: RegExp =
  /^([a-z]([a-z\d-]*[a-z\d])?(\.[a-z]([a-z\d-]*[a-z\d])?)*\/)?[a-z\d]([\w.-]*[a-z\d])?$/i;
