import type { Resource } from '../../payment/payment-required.ts'
import { dialectAt } from './dialects.ts'

/** How registries list us. */
export const LISTED = {
  serviceName: 'Turnpike',
  tags: ['llm', 'ai', 'inference', 'router', 'openai'],
} as const

/**
 * What is for sale at a path: the address that was asked for, in the words of its dialect.
 *
 * @param isProbe whether a registry may be asking; clients send the resource back with each payment, so it is short otherwise.
 */
export function resourceAt({
  path,
  publicUrl,
  isProbe = false,
}: {
  path: string
  publicUrl: string
  isProbe?: boolean
}): Resource {
  const { description } = dialectAt(path)
  return {
    url: `${publicUrl}${path}`,
    description,
    mimeType: 'application/json',
    ...(isProbe ? LISTED : {}),
  }
}
