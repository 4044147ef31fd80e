/** One line of JSON an event, for Workers Logs. Ids, names, counts and times: never arguments, results or credentials. */
export function log(
  event: string,
  fields: Readonly<Record<string, string | number | boolean | undefined>>,
): void {
  console.log(JSON.stringify({ event, ...fields }));
}
