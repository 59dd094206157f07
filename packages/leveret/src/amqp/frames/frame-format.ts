/** Types of frames, by their first byte. */
export const METHOD_FRAME = 1
export const HEADER_FRAME = 2
export const BODY_FRAME = 3
/** The last byte of every frame. */
export const FRAME_END = 0xce
/** How many bytes of a frame stand before its payload: type, channel and length. */
export const FRAME_HEAD_BYTES = 7
/** How many bytes a frame takes in addition to its payload. */
export const FRAME_BYTES = FRAME_HEAD_BYTES + 1
/** Number of the class `basic`. */
export const BASIC = 60
