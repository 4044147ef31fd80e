/**
 * Tests for what apps write themselves. They need no test framework: a failed case rejects with an Error.
 * @module
 */
export { type StoreCase, storeContract } from "./store-contract.ts";
