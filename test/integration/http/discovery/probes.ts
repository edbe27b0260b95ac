import { PaymentRequiredV1Schema, PaymentRequiredV2Schema } from '@x402/core/schemas'
import {
  sanitizeResourceServiceMetadata,
  validateDiscoveryExtension,
  validateDiscoveryExtensionSpec,
} from '@x402/extensions/bazaar'
import { expect, test } from 'vitest'
import { post } from '../../../support/chat.ts'
import { booksAndCalls } from '../../../support/refusals.ts'
import { decodeBase64 } from '../../../support/stock-payer.ts'
import { CALLS, CAPS, type DiscoveredServer, PAID, schemaOfPost } from './discovered-server.ts'

type Required402 = {
  readonly accepts: readonly { scheme: string; amount: string }[]
  readonly resource: { url: string; description: string; serviceName?: string }
  readonly extensions: Readonly<Record<string, unknown>>
}

/** What a paid path answers to a registry that looks whether it wants to be paid. */
export function testProbes(server: DiscoveredServer): void {
  test.each(PAID)('%s answers an empty probe 402, as registries demand it', async (path) => {
    const before = await booksAndCalls(server.stack)
    // GET on credit is a payer's look at it.
    const reads = path === '/v1/credit' ? [] : [{ method: 'GET' }, { method: 'HEAD' }]
    const probes: readonly RequestInit[] = [{ method: 'POST' }, post('{}'), ...reads]
    for (const probe of probes) {
      const response = await server.get(path, probe)
      expect(response.status).toBe(402)
      expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
      expect(response.headers.get('cache-control')).toBe('private, no-store')
      const header = response.headers.get('payment-required') ?? ''
      expect(header.length).toBeLessThan(8 * 1_024)
      const required = decodeBase64(header) as Required402
      expect(PaymentRequiredV2Schema.safeParse(required).error).toBeUndefined()
      server.expectSchema('#/components/schemas/PaymentRequired', required)
      const { schemes } = server.document.paths[path]?.['post']?.['x-payment-info'] ?? {}
      expect([...new Set(required.accepts.map(({ scheme }) => scheme))]).toEqual(schemes)
      expect(required.resource.url).toBe(server.at(path))
      expect(required.resource.description).toBe(server.document.paths[path]?.['post']?.['summary' as never])
      const listed = sanitizeResourceServiceMetadata(required.resource)
      expect(listed).toMatchObject({ serviceName: 'Turnpike' })
      expectBazaar({ server, path, bazaar: required.extensions['bazaar'] })
      const text = await response.text()
      if (probe.method === 'HEAD') expect(text).toBe('')
      else {
        const body = JSON.parse(text) as { error: { output_cap: number }; accepts: { description: string }[] }
        expect(PaymentRequiredV1Schema.omit({ error: true }).safeParse(body).error).toBeUndefined()
        server.expectSchema('#/components/schemas/PaymentRequiredBody', body)
        expect(body.error.output_cap).toBe(CAPS[path] === undefined ? 0 : 1_024)
        expect(body.accepts[0]?.description).toBe(required.resource.description)
      }
    }
    expect(await booksAndCalls(server.stack)).toEqual(before)
  })

  test.each(CALLS)(
    'the example of %s is priced when it is sent as it stands, and goes without the registry’s part',
    async (path) => {
      const example = server.document.paths[path]?.['post']?.requestBody?.content['application/json']?.example
      const response = await server.get(path, post(JSON.stringify(example)))
      expect(response.status).toBe(402)
      const required = decodeBase64(response.headers.get('payment-required') ?? '') as Required402
      expect(required).not.toHaveProperty('extensions.bazaar')
      expect(required.resource).toEqual({
        url: server.at(path),
        description: expect.stringContaining('charged for the tokens') as string,
        mimeType: 'application/json',
      })
    },
  )
}

/** What the extension says to registries, judged by their own package. */
function expectBazaar({
  server,
  path,
  bazaar,
}: {
  server: DiscoveredServer
  path: string
  bazaar: unknown
}): void {
  expect(validateDiscoveryExtensionSpec(bazaar as never)).toEqual({ valid: true })
  expect(validateDiscoveryExtension(bazaar as never)).toEqual({ valid: true })
  const { info, schema } = bazaar as {
    info: { input: { method: string; body: object }; output: { example: object } }
    schema: { properties: { input: { properties: { body: { properties: object } } } } }
  }
  expect(info.input.method).toBe('POST')
  expect(Object.keys(info.output.example).length).toBeGreaterThan(0)
  // Its example is a body that the path takes: the price of just that is asked.
  server.expectSchema(schemaOfPost(path, 'requestBody'), info.input.body)
  const cap = CAPS[path]
  if (cap) expect(Object.keys(schema.properties.input.properties.body.properties)).toContain(cap)
}
