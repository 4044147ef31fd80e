export interface ProgressProps {
  /** From 0 to 100. */
  readonly value: number;
  readonly "aria-label": string;
}

export function Progress({ value, ...rest }: ProgressProps) {
  return (
    <div
      {...rest}
      className="progress"
      role="progressbar"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(value)}
    >
      <div style={{ width: `${value}%` }} />
    </div>
  );
}
