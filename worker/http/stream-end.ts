/** The same response, and a call when its body has been sent or its client has gone. */
export function onStreamEnd(response: Response, ended: () => void): Response {
  const body = response.body?.pipeThrough(new TransformStream({ flush: ended, cancel: ended }));
  return new Response(body, response);
}
