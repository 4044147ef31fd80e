import { afterAll, beforeAll, expect, test } from "vitest";
import { unnameable } from "./nameable-types.ts";
import { PackageBuild } from "./package-build.ts";

let build: PackageBuild;

beforeAll(() => {
  build = new PackageBuild();
});

afterAll(() => build.remove());

/** Taken from a host of the library as it is, or left out: nobody implements it. */
const OPAQUE = ["HostParts (OwnershipOf)", "PushOf (Host)", "QuestionsPart (Parts)", "RecoveryPart (Parts)"];

test("every type that an exported declaration is made of is exported, too, so that a user can name it", () => {
  expect(unnameable(build.entryPoints.map(({ types }) => types))).toEqual(OPAQUE);
});
