import type {
  Admission,
  AdmissionAsk,
  GroupName,
  ReadAdmission,
  ReadAsk,
} from "../directory/principal-directory-rpc.ts";
import type { TaskGroupRpc } from "../group/task-group-rpc.ts";

/** What a stub has beside its methods. */
interface Fetching {
  fetch(url: string, init?: RequestInit): Promise<Response>;
}

export interface DirectoryRpc {
  admit(ask: AdmissionAsk): Promise<Admission>;
  deleted(id: string): Promise<void>;
  read(ask: ReadAsk): Promise<ReadAdmission>;
  groups(): Promise<readonly GroupName[]>;
}

export type GroupStub = TaskGroupRpc & Fetching;
export type DirectoryStub = DirectoryRpc & Fetching;

/** The namespaces, as far as the routes use them. The platform's own types lose what JSON may hold. */
export interface ObjectBindings {
  readonly TASK_GROUP: { getByName(name: string): object };
  readonly PRINCIPALS: { getByName(name: string): object };
}

/** The objects of one principal, and of nobody else: it is in the name of every object the routes reach. */
export class PrincipalObjects {
  readonly principal: string;
  readonly #env: ObjectBindings;

  constructor(env: ObjectBindings, principal: string) {
    this.#env = env;
    this.principal = principal;
  }

  group({ endpoint, shard }: GroupName): GroupStub {
    const name = JSON.stringify([this.principal, endpoint, shard]);
    return this.#env.TASK_GROUP.getByName(name) as unknown as GroupStub;
  }

  get directory(): DirectoryStub {
    return this.#env.PRINCIPALS.getByName(this.principal) as unknown as DirectoryStub;
  }
}
