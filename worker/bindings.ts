import type { PrincipalDirectory } from "./directory/principal-directory.ts";
import type { TaskGroup } from "./group/task-group.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { SampleLab } from "./samples/lab.ts";

/** What wrangler.toml binds. The vars that hold JSON are read in `config/`. */
export interface Bindings {
  ASSETS: Fetcher;
  SAMPLE_LAB: DurableObjectNamespace<SampleLab>;
  TASK_GROUP: DurableObjectNamespace<TaskGroup>;
  PRINCIPALS: DurableObjectNamespace<PrincipalDirectory>;
  METRICS: DurableObjectNamespace<Metrics>;
  /** Signs webhooks. Without it none is taken. */
  WEBHOOK_SECRET?: string;
  /** What `/metrics` asks for. Without it there is no such route. */
  METRICS_TOKEN?: string;
  /** "true" lets webhooks go to private addresses. */
  WEBHOOK_PRIVATE?: string;
}
