import { createHmac } from 'node:crypto'
import type { Config } from '../../config/read-config.ts'
import type { Hex } from '../../payment/types.ts'

/** How keys of callers are made and known again. */
export type ApiKeyOptions = {
  /** By version. */
  readonly peppers: ReadonlyMap<number, string>
  /** With which new ones are made. */
  readonly pepperVersion: number
  /** Whether this server's keys are `tp_test_`. */
  readonly isTest: boolean
}

/** Apart from what else the key signs. */
const LABEL = 'turnpike key pepper 1'

/**
 * Peppers of callers' keys, so that who reads the database can check no guess. Those of the environment count from 1, the last makes new keys;
 * version 0 follows from a key that every server has, so that nothing has to be set, and keys that were made by it stay good.
 */
export function apiKeyOptions({
  config,
  authorizerKey,
  isTest,
}: {
  config: Pick<Config, 'TURNPIKE_KEY_PEPPERS'>
  authorizerKey: Hex
  isTest: boolean
}): ApiKeyOptions {
  const own = createHmac('sha256', authorizerKey).update(LABEL).digest('base64url')
  const peppers = [own, ...(config.TURNPIKE_KEY_PEPPERS ?? [])]
  return {
    peppers: new Map(peppers.map((pepper, version) => [version, pepper])),
    pepperVersion: peppers.length - 1,
    isTest,
  }
}
