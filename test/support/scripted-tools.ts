import { chunkEvent, type ScriptedProvider, sendStream } from './scripted-provider.ts'

const PARALLEL = [
  { index: 0, id: 'call_a', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
  { index: 1, id: 'call_b', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
]
export const THOUGHT = { type: 'reasoning.text', text: 'Two cities.', signature: 'c2lnbmVk' }
const USAGE = {
  prompt_tokens: 100,
  completion_tokens: 30,
  total_tokens: 130,
  prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
  completion_tokens_details: { reasoning_tokens: 12 },
}

/** Answers with a signed thought and two calls; remembers what it was asked. */
export function callTools(scripted: ScriptedProvider): { bodies: string[] } {
  const bodies: string[] = []
  scripted.setAnswer(({ response, isStreamed, body }) => {
    bodies.push(body)
    const said = { role: 'assistant', content: null, reasoning_details: [THOUGHT], tool_calls: PARALLEL }
    if (!isStreamed) {
      response.writeHead(200, { 'content-type': 'application/json' })
      const choice = { index: 0, message: said, finish_reason: 'tool_calls' }
      response.end(JSON.stringify({ id: 'x', model: 'grok', choices: [choice], usage: USAGE }))
      return
    }
    const pieces = [
      { reasoning_details: [{ type: 'reasoning.text', text: 'Two ' }] },
      { reasoning_details: [{ type: 'reasoning.text', text: 'cities.' }] },
      { reasoning_details: [{ type: 'reasoning.text', signature: THOUGHT.signature }] },
      ...PARALLEL.flatMap(({ index, id, function: { name, arguments: json } }) => [
        { tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] },
        ...json
          .match(/.{1,4}/gs)!
          .map((text) => ({ tool_calls: [{ index, function: { arguments: text } }] })),
      ]),
    ]
    const chunks = pieces.map((delta) => chunkEvent({ model: 'grok', choices: [{ index: 0, delta }] }))
    const finish = chunkEvent({ choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] })
    const usage = chunkEvent({ choices: [], usage: USAGE })
    sendStream(response, `${chunks.join('')}${finish}${usage}data: [DONE]\n\n`)
  })
  return { bodies }
}
