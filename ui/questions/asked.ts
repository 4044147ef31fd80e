import type { InputRequest } from "holdfast";

/** A question in one line: the server's own words where it has some. */
export function askedIn({ method, params }: Pick<InputRequest, "method" | "params">): string {
  if (typeof params.message === "string" && params.message !== "") return params.message;
  switch (method) {
    case "elicitation/create":
      return "The server asks for something";
    case "sampling/createMessage":
      return "The server asks for a model's reply";
    case "roots/list":
      return "The server asks which folders it may use";
    default:
      return `The server asks for ${method}, which this console does not know`;
  }
}
