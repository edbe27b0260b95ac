/**
 * Models of OpenAI that are tokenized by o200k: gpt-4o and everything after it. Of the package's encodings only o200k_base is loaded;
 * it has cl100k_base as well, but nothing that is still sold for chat uses it, and 60 MB more for three embedding models buy too little.
 */
const O200K = /^openai\/(?:chatgpt-4o|gpt-4o|gpt-4\.[15]|gpt-chat|gpt-[5-9]|o[134])(?![a-z0-9])/

/** What they are billed for is more than was sent: pages that they read by themselves. */
const READS_MORE = /-(?:search|deep-research)/

/**
 * Whether our own count of a text is the model's own, so that a provider's count can be held against it closely. Open weights
 * (`openai/gpt-oss-*`) are left out: their hosts put them behind chat templates that nobody publishes.
 *
 * @example hasOwnTokenizer({ id: 'openai/gpt-5-mini' }) // true
 */
export const hasOwnTokenizer = ({ id }: { id: string }): boolean => O200K.test(id) && !READS_MORE.test(id)
