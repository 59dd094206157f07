/** The reply codes of AMQP with their names. @see https://www.rabbitmq.com/amqp-0-9-1-reference#constants */
const NAMES = {
  311: 'CONTENT_TOO_LARGE',
  312: 'NO_ROUTE',
  313: 'NO_CONSUMERS',
  320: 'CONNECTION_FORCED',
  402: 'INVALID_PATH',
  403: 'ACCESS_REFUSED',
  404: 'NOT_FOUND',
  405: 'RESOURCE_LOCKED',
  406: 'PRECONDITION_FAILED',
  501: 'FRAME_ERROR',
  502: 'SYNTAX_ERROR',
  503: 'COMMAND_INVALID',
  504: 'CHANNEL_ERROR',
  505: 'UNEXPECTED_FRAME',
  506: 'RESOURCE_ERROR',
  530: 'NOT_ALLOWED',
  540: 'NOT_IMPLEMENTED',
  541: 'INTERNAL_ERROR',
} as const

/** A reply code of AMQP. */
export type ReplyCode = keyof typeof NAMES

/** Codes that close a channel. Every other code closes the connection. */
const CHANNEL_CODES: ReadonlySet<number> = new Set([311, 312, 313, 403, 404, 405, 406])

/** The error for a refused command. It closes the channel or the connection. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError'
  readonly code: ReplyCode
  readonly closes: 'channel' | 'connection'
  /** The reply text of RabbitMQ: the name of the code, then the sentence. */
  readonly replyText: string

  constructor(code: ReplyCode, sentence: string, closes = closedBy(code)) {
    super(sentence)
    this.code = code
    this.closes = closes
    this.replyText = shorten(code === 541 && sentence === '' ? NAMES[code] : `${NAMES[code]} - ${sentence}`)
  }
}

function closedBy(code: ReplyCode): 'channel' | 'connection' {
  return CHANNEL_CODES.has(code) ? 'channel' : 'connection'
}

/** Cuts a text that is too long for the method, as RabbitMQ does. */
function shorten(text: string): string {
  return text.length <= 255 ? text : `${text.slice(0, 252)}...`
}
