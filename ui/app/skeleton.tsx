export interface SkeletonProps {
  /** What is awaited, for screen readers, and for people if it takes long. */
  readonly label: string;
  /** How many bars there are, about as many as the content will have parts. */
  readonly bars?: number;
  /** How high one is, in rem. */
  readonly height?: number;
}

/** Stands where content will be, about as large, so that nothing jumps when it comes. Short waits do not show it. */
export function Skeleton({ label, bars = 3, height = 3.5 }: SkeletonProps) {
  return (
    <div className="skeleton" role="status">
      <span className="quiet">{label}</span>
      {Array.from({ length: bars }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the bars are all alike.
        <div key={index} aria-hidden="true" style={{ height: `${height}rem` }} />
      ))}
    </div>
  );
}
