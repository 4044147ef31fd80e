export async function tasks(_c: unknown): Promise<number> {
  return 1;
}
