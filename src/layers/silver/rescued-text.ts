/**
 * Bronze's `_rescued` as JSON that the engine can parse: a lone surrogate escape, which no UTF-8 text can hold, is read as
 * U+FFFD (Unicode 3.9, "U+FFFD Substitution"). Bronze itself keeps the escape as it was delivered.
 */
export function readableRescued(rescued: string): string {
  // The engine's regular expressions cannot look around: first everything that is escaped is followed by a marker, a valid
  // pair and an escaped backslash keeping their text; then the marker behind those is taken away again.
  const hex = "[0-9a-fA-F]{2}";
  const kept = String.raw`\\\\|\\u[dD][89abAB]${hex}\\u[dD][c-fC-F]${hex}`;
  const lone = String.raw`\\u[dD][89a-fA-F]${hex}`;
  const marked = `regexp_replace(${rescued}, '(${kept})|${lone}', '\\1' || chr(65534), 'g')`;
  const restored = `regexp_replace(${marked}, '(${kept})' || chr(65534), '\\1', 'g')`;
  return `CASE WHEN regexp_matches(${rescued}, '\\\\u[dD][89a-fA-F]') THEN replace(${restored}, chr(65534), chr(65533)) ELSE ${rescued} END`;
}
