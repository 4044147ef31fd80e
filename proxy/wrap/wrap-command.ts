export async function wrap(_c: unknown): Promise<number> {
  return 1;
}
