import type { SampleLab } from "./samples/lab.ts";

export interface Bindings {
  ASSETS: Fetcher;
  SAMPLE_LAB: DurableObjectNamespace<SampleLab>;
}
