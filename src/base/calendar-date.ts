export interface CalendarDate {
  /** Astronomical: the year before 1 is 0. */
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Days since 1970-01-01 as a date of the proleptic Gregorian calendar, however far off. */
export function calendarDate(days: bigint): CalendarDate {
  // Counted in eras of 400 years from March on, so that the day that some years have more is the last of its year:
  // https://howardhinnant.github.io/date_algorithms.html, civil_from_days.
  const shifted = days + 719_468n;
  const era = (shifted >= 0n ? shifted : shifted - 146_096n) / 146_097n;
  const dayOfEra = Number(shifted - era * 146_097n);
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return { year: Number(era) * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day };
}
