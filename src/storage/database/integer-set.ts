/** Integers as an array literal, none of them twice. */
export const integerSet = (numbers: readonly number[]): string => `{${[...new Set(numbers)].join(',')}}`
