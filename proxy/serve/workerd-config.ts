/** Of the worker, as wrangler.toml has them: a test compares both. */
export const COMPATIBILITY_DATE = "2026-08-15";
export const COMPATIBILITY_FLAGS: readonly string[] = [
  "no_nodejs_compat",
  "no_nodejs_compat_v2",
  "global_fetch_strictly_public",
];
/** Classes of Durable Objects by their bindings. */
export const OBJECTS: Readonly<Record<string, string>> = {
  SAMPLE_LAB: "SampleLab",
  TASK_GROUP: "TaskGroup",
  PRINCIPALS: "PrincipalDirectory",
  METRICS: "Metrics",
};

export interface WorkerdOptions {
  /** Where it listens, such as `127.0.0.1:4653`. */
  readonly address: string;
  /** Bindings whose values come from the environment, by what {@link variableOf} calls them. */
  readonly vars: readonly string[];
  /** Lets the worker reach this machine and its network. Which endpoint may, the worker decides. */
  readonly isPrivateReachable: boolean;
  /** The socket of the local servers, by the name of its service binding. */
  readonly local: { readonly binding: string; readonly path: string };
  readonly storage: string;
  readonly console: string;
}

/** The environment variable that holds a binding's value: a secret must stand neither in the configuration nor in arguments. */
export function variableOf(binding: string): string {
  return `HOLDFAST_BINDING_${binding}`;
}

/** The configuration of workerd, in Cap'n Proto's text format. It embeds the modules of the folder that `--import-path` names. */
export function workerdConfig(options: WorkerdOptions): string {
  return configText(servicesOf(options), { worker: options.address });
}

/** @param sockets Where it listens, by the names of the services that answer there. */
export function configText(services: readonly string[], sockets: Readonly<Record<string, string>>): string {
  const listening = Object.entries(sockets).map(
    ([name, address]) =>
      `(name = ${text(name)}, address = ${text(address)}, http = (), service = ${text(name)})`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = ${list(services)},
  sockets = ${list(listening)},
);
`;
}

/** The worker, and all that it is bound to. */
export function servicesOf(options: Omit<WorkerdOptions, "address">): readonly string[] {
  const { vars, isPrivateReachable, local, storage } = options;
  const bindings = [
    ...vars.map((name) => binding(name, `fromEnvironment = ${text(variableOf(name))}`)),
    ...Object.entries(OBJECTS).map(([name, type]) => binding(name, `durableObjectNamespace = ${text(type)}`)),
    binding("ASSETS", 'service = "self-hosted"'),
    binding("OAUTH_KV", 'kvNamespace = (name = "self-hosted", entrypoint = "KeyValue")'),
    binding(local.binding, 'service = "local-servers"'),
  ];
  const own = [
    binding("KEY_VALUE", 'durableObjectNamespace = "KeyValueObject"'),
    binding("DISK", 'service = "console"'),
  ];
  return [
    service("worker", worker("worker.js", bindings, Object.values(OBJECTS))),
    service("self-hosted", worker("self-hosted.js", own, ["KeyValueObject"])),
    service(
      "internet",
      `network = (allow = ${list(isPrivateReachable ? ['"public"', '"private"'] : ['"public"'])}, tlsOptions = (trustBrowserCas = true))`,
    ),
    service("local-servers", `external = (address = ${text(`unix:${local.path}`)}, http = ())`),
    service("storage", `disk = (path = ${text(storage)}, writable = true)`),
    service("console", `disk = (path = ${text(options.console)})`),
  ];
}

/** A worker of one module. */
export function worker(module: string, bindings: readonly string[], classes: readonly string[]): string {
  // The key names the folder of the storage: it must not change.
  const namespaces = classes.map(
    (name) => `(className = ${text(name)}, uniqueKey = ${text(name)}, enableSql = true)`,
  );
  return `worker = (
    modules = [(name = ${text(module)}, esModule = embed ${text(`/${module}`)})],
    compatibilityDate = ${text(COMPATIBILITY_DATE)},
    compatibilityFlags = ${list(COMPATIBILITY_FLAGS.map(text))},
    bindings = ${list(bindings)},
    durableObjectNamespaces = ${list(namespaces)},
    durableObjectStorage = (localDisk = "storage"),
  )`;
}

export function service(name: string, what: string): string {
  return `(name = ${text(name)}, ${what})`;
}

function binding(name: string, value: string): string {
  return `(name = ${text(name)}, ${value})`;
}

function list(entries: readonly string[]): string {
  return `[${entries.map((entry) => `\n    ${entry}`).join(",")}]`;
}

/** Cap'n Proto's text has JSON's escapes, but for those of single UTF-16 code units. */
function text(value: string): string {
  return JSON.stringify(value);
}
