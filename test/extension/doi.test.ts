import { describe, expect, test } from "vitest";
import { doiAmong } from "../../extension/background/doi.ts";

describe("the DOI of a page", () => {
  test.each([
    ["10.1038/s41586-020-2649-2", "10.1038/s41586-020-2649-2"],
    ["doi:10.1038/s41586-020-2649-2", "10.1038/s41586-020-2649-2"],
    ["https://doi.org/10.1016/j.cell.2020.01.001", "10.1016/j.cell.2020.01.001"],
    ["https://onlinelibrary.example/doi/full/10.1002/anie.202000001", "10.1002/anie.202000001"],
    ["https://pubs.example/doi/10.1021/acs.jcim.0c00001/full", "10.1021/acs.jcim.0c00001"],
    ["https://dl.example/doi/pdf/10.1145/3368089.3409741?download=true", "10.1145/3368089.3409741"],
    [
      "https://x.example/article?id=10.1371%2Fjournal.pone.0000001&type=printable",
      "10.1371/journal.pone.0000001",
    ],
    ["See 10.1000/182.", "10.1000/182"],
  ])("%s names %s", (hint, doi) => {
    expect(doiAmong([hint])).toBe(doi);
  });

  test.each(["https://example.com/", "10.12/too-short", "version 10.1038", "%E0%A4%A"])(
    "%s names none",
    (hint) => {
      expect(doiAmong([hint])).toBeUndefined();
    },
  );

  test("what comes first is surest", () => {
    expect(doiAmong(["no doi", "10.1000/first", "10.1000/second"])).toBe("10.1000/first");
  });
});

describe("a hint made to take long", () => {
  test.each([
    `10.1234/${".".repeat(1_000_000)}x`,
    `${"10.1234/".repeat(100_000)}`,
    `${"1".repeat(1_000_000)}`,
    `10.1234/${"/pdf".repeat(250_000)}x`,
  ])("is looked at only so far (%#)", (hint) => {
    const before = process.cpuUsage();
    doiAmong([hint]);
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(500);
  });
});
