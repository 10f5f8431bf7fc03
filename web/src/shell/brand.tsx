/** The mark: three strokes of wind, the sea's colour. In: nothing. Out: the drawing; its name stands beside it. */
export function Wind({ className }: { className?: string }) {
  return (
    <svg
      aria-hidden="true"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      className={className}
    >
      <path d="M3 8h9a3 3 0 1 0-3-3M3 12h14a3.5 3.5 0 1 1-3.5 3.5M3 16h6a2.5 2.5 0 1 1-2.5 2.5" />
    </svg>
  );
}
