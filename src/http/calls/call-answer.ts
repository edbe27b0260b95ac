import type { ServerResponse } from 'node:http'
import type { RecordedCall } from '../../call/serve/record.ts'
import type { AdmittedCall } from '../../call/types.ts'
import type { StreamPart } from '../../chat/types.ts'
import type { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { sendError, sendJson } from '../answer.ts'
import { callHeaders, endingOf, recordedHeaders } from './call-fields.ts'
import { createCallStream } from './call-stream.ts'
import { dialectAt } from '../request/dialects.ts'

/** What the caller gets, streamed or not. */
export type CallAnswer = {
  readonly write: (part: StreamPart) => void | Promise<void>
  /** The end, once the call is recorded. */
  readonly end: (recorded: RecordedCall) => void
  /** The call could not be recorded. */
  readonly fail: (error: TurnpikeError) => void
}

type Target = { readonly call: AdmittedCall; readonly response: ServerResponse }

export const createCallAnswer = (target: Target): CallAnswer =>
  target.call.request.stream ? streamedAnswer(target) : wholeAnswer(target)

function streamedAnswer({ call, response }: Target): CallAnswer {
  const { path } = call
  const stream = createCallStream({ call, response })
  return {
    write: stream.write,
    end(recorded) {
      const { failure } = recorded
      if (recorded.capture.outcome === 'aborted') return stream.close()
      if (!failure) return stream.finish(recorded)
      if (stream.hasStarted()) return stream.fail({ error: failure, recorded })
      return sendError({ response, error: failure, path, headers: recordedHeaders(recorded) })
    },
    fail: (error) =>
      stream.hasStarted()
        ? stream.fail({ error })
        : sendError({ response, error, path, headers: callHeaders(call) }),
  }
}

function wholeAnswer({ call, response }: Target): CallAnswer {
  const { path } = call
  let json: string | undefined
  return {
    write(part) {
      json = part.json
    },
    end(recorded) {
      const { failure } = recorded
      const headers = recordedHeaders(recorded)
      if (failure) return sendError({ response, error: failure, path, headers })
      if (json === undefined) {
        response.destroy()
        return undefined
      }
      const body = dialectAt(path).writeWhole({ json, facts: call, ending: endingOf(recorded) })
      return sendJson({ response, status: 200, body, headers })
    },
    fail: (error) => sendError({ response, error, path, headers: callHeaders(call) }),
  }
}
