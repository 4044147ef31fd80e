import { describe, expect, it } from "vitest";
import { refusalOf } from "../../../worker/outbound/address.ts";
import { METADATA, PRIVATE, PUBLIC, SPECIAL } from "./address-table.ts";

const strict = (address: string) => refusalOf(new URL(address), { allowPrivate: false });
const lenient = (address: string) => refusalOf(new URL(address), { allowPrivate: true });

describe("an address of the public internet", () => {
  it.each(PUBLIC)("%s is let through", (host) => {
    expect(strict(`https://${host}/mcp`)).toBeUndefined();
    expect(strict(`https://${host}:8443/mcp?x=1`)).toBeUndefined();
  });
});

describe("an address of this machine or a private network", () => {
  it.each(PRIVATE)("%s is refused, unless it is meant", (host) => {
    expect(strict(`https://${host}/mcp`)).toBeDefined();
    expect(strict(`https://${host}:8443/mcp`)).toBeDefined();
    expect(lenient(`https://${host}/mcp`)).toBeUndefined();
    expect(lenient(`http://${host}:3000/mcp`)).toBeUndefined();
  });
});

describe("a cloud's metadata", () => {
  it.each(METADATA)("%s is refused, whatever is configured", (host) => {
    expect(strict(`https://${host}/`)).toBe("is the metadata service of a cloud");
    expect(lenient(`http://${host}/latest/meta-data/`)).toBe("is the metadata service of a cloud");
  });
});

describe("an address that no public server has", () => {
  it.each(SPECIAL)("%s is refused, whatever is configured", (host) => {
    expect(strict(`https://${host}/`)).toBe("is not the address of a public server");
    expect(lenient(`http://${host}/`)).toBe("is not the address of a public server");
  });
});

describe("the rest of an address", () => {
  it.each([
    "http://papers.example/",
    "ftp://papers.example/",
    "ws://papers.example/",
    "wss://papers.example/",
  ])("%s is refused: only https is spoken", (address) => {
    expect(strict(address)).toBe("is not https");
  });

  it.each([
    "file:///etc/passwd",
    "data:application/json,{}",
    "blob:https://papers.example/1",
    "ftp://10.0.0.1/",
  ])("%s is refused, whatever is configured", (address) => {
    expect(strict(address)).toBe("is not https");
    expect(lenient(address)).toBe("is not https");
  });

  it.each([
    "https://user@papers.example/",
    "https://user:pass@papers.example/",
    "https://:pass@papers.example/",
  ])("%s is refused: a request line is no place for a credential", (address) => {
    expect(strict(address)).toBe("holds credentials");
    expect(lenient(address)).toBe("holds credentials");
  });

  it("a host is what it is after what looks like one", () => {
    expect(strict("https://papers.example@127.0.0.1/")).toBeDefined();
    expect(strict("https://papers.example\\@127.0.0.1/")).toBeUndefined();
    expect(new URL("https://papers.example\\@127.0.0.1/").hostname).toBe("papers.example");
    expect(strict("https://127.0.0.1#@papers.example/")).toBeDefined();
    expect(strict("https://127.0.0.1?@papers.example/")).toBeDefined();
  });

  it("every name that ends in a dot is refused", () => {
    expect(strict("https://papers.example./")).toBe("has a host that ends in a dot");
    expect(lenient("http://localhost./")).toBe("has a host that ends in a dot");
    expect(lenient("http://metadata.google.internal./")).toBe("has a host that ends in a dot");
  });
});
