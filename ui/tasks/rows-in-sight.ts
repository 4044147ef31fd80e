import { type RefObject, useCallback, useLayoutEffect, useState } from "react";

/** How many rows beyond those in sight are there, above and below, and how far apart the windows are that are drawn. */
const BEYOND = 4;
const STEP = 4;

export interface RowsInSight {
  /** The first row that is drawn, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** Scrolls as little as is needed to have a row in sight. */
  readonly scrollTo: (index: number) => void;
}

/**
 * The rows of a long list that are to be drawn: those in sight and some around them. All rows are of one height, so no row is
 * measured.
 * @param height Of a row, in px.
 */
export function useRowsInSight(
  scroller: RefObject<HTMLElement | null>,
  count: number,
  height: number,
): RowsInSight {
  const [window, setWindow] = useState({ first: 0, seen: Math.ceil(innerHeight / height) });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const look = (): void => {
      // In steps: not each row that comes in sight draws the list anew.
      const first = Math.floor(element.scrollTop / height / STEP) * STEP;
      const seen = Math.ceil(element.clientHeight / height);
      setWindow((now) => (now.first === first && now.seen === seen ? now : { first, seen }));
    };
    look();
    const resizes = new ResizeObserver(look);
    resizes.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      resizes.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, [scroller, height]);
  const scrollTo = useCallback(
    (index: number): void => {
      const element = scroller.current;
      if (!element) return;
      const top = index * height;
      const least = top + height - element.clientHeight;
      if (element.scrollTop > top) element.scrollTop = top;
      else if (element.scrollTop < least) element.scrollTop = least;
    },
    [scroller, height],
  );
  // A list that was filtered meanwhile may be shorter than where it was scrolled to.
  const first = Math.min(window.first, Math.max(0, count - window.seen));
  return {
    from: Math.max(0, first - BEYOND),
    to: Math.min(count, first + window.seen + STEP + BEYOND),
    scrollTo,
  };
}
