import { constants, setPriority } from 'node:os'

/**
 * Lets everybody else go first, from now on and for this thread alone. What only computes takes the time that parts leave which
 * wait for processes and blocks, and does not make them late.
 */
export const yieldCores = (): void => setPriority(constants.priority.PRIORITY_LOW)
