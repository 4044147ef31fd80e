/** Waits after each failed delivery, in ms, as Standard Webhooks advises; after the last one the message is given up. */
export const DELIVERY_BACKOFF_MS: readonly number[] = [
  5_000, 60_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000,
];
