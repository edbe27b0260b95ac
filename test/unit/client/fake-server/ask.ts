export const URL_OF_CALLS = 'http://fake.test/v1/chat/completions'

/** A request that asks for a stream or not, as the OpenAI SDK would send it. */
export const ask = ({
  stream = true,
  text = 'hi',
  ...init
}: { stream?: boolean; text?: string } & RequestInit = {}) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ model: 'auto', stream, messages: [{ role: 'user', content: text }] }),
  ...init,
})
