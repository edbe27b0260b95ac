import { expect, test } from 'vitest'
import { explainRoute } from '../../../src/app/explain-route.ts'
import { catalogOf } from '../../../src/app/options/defaults.ts'

const catalog = catalogOf({ simulated: false })
const explain = (fields: object, path = '/v1/chat/completions') =>
  explainRoute({
    body: Buffer.from(
      JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'Say hi' }], ...fields }),
    ),
    path,
    catalog,
    marginBps: 500,
  })

test('it is refused as the server would refuse it', async () => {
  await expect(explain({ model: 'openai/gpt-4o-mimi' })).rejects.toThrow('Did you mean "openai/gpt-4o-mini"?')
  await expect(explain({}, '/v1/elsewhere')).rejects.toMatchObject({ code: 'invalid_field' })
})
