/** The first `length` characters of a text, and how long it was if that is not all of it. Never cuts a surrogate pair. */
export function cutText(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, pairStart(text, length))}… (${text.length} characters)`;
}

/** The last place to cut at or before `end` that does not fall inside a surrogate pair: half of one has no UTF-8. */
export function pairStart(text: string, end: number): number {
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}
