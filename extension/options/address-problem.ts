/** Why an address cannot be that of a server, if it cannot. */
export function addressProblem(address: string): string | undefined {
  if (!URL.canParse(address))
    return `${JSON.stringify(address)} is not an address. It must begin with https:// or http://`;
  const { protocol, username, password } = new URL(address);
  if (protocol !== "https:" && protocol !== "http:") return "Only https and http can be called";
  if (username !== "" || password !== "")
    return "Addresses are stored. Give the password as a header instead";
  return undefined;
}
