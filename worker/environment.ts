import type { Bindings } from "./bindings.ts";
import type { PrincipalDirectory } from "./directory/principal-directory.ts";
import type { TaskGroup } from "./group/task-group.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { SampleLab } from "./samples/lab.ts";

/** The bindings with the classes of the objects, for the entry point. */
export interface Environment extends Bindings {
  readonly SAMPLE_LAB: DurableObjectNamespace<SampleLab>;
  readonly TASK_GROUP: DurableObjectNamespace<TaskGroup>;
  readonly PRINCIPALS: DurableObjectNamespace<PrincipalDirectory>;
  readonly METRICS: DurableObjectNamespace<Metrics>;
}
