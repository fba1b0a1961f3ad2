/** From now on `note` is called for each file write and each process start of this process; the result stops it. */
export function startRecording(note: (kind: string, what: string, data: string) => void): () => void;
