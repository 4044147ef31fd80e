import { describe, expect, it } from "vitest";
import { readRpcError } from "../../../src/protocol/json-rpc.ts";

describe("readRpcError()", () => {
  it.each([
    ["a code sent as text", { code: "-32602", message: "No such task" }, -32602, "No such task"],
    ["a code that is not a number", { code: "E_FAIL", message: "It broke" }, -32603, "It broke"],
    ["no code", { message: "It broke" }, -32603, "It broke"],
    ["an error that is a text", "It broke", -32603, "It broke"],
    ["an error without a message", { code: 7, message: 5 }, 7, "The server sent no message"],
    ["an error of another kind", [], -32603, "The server answered with an unreadable error"],
  ])("reads %s", (_what, sent, code, message) => {
    expect(readRpcError(sent)).toEqual({ code, message });
  });
});
