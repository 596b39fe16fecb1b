// The driver's functions of events.
#include "Machine.h"

int Machine::eventOf(void *handle, Event *&event) {
  Context *context;
  if (int error = here(context)) return error;
  auto found = events.find(handle);
  if (found == events.end() || found->second->context != context) return invalidHandle;
  event = found->second.get();
  return success;
}

int Machine::cuEventCreate(void **handle, unsigned flags) {
  Context *context;
  if (int error = here(context)) return error;
  // Waiting asleep, without times, and for other processes.
  if (flags > 7) return invalidValue;
  auto event = new Event{context};
  events[event].reset(event);
  live.events++;
  *handle = event;
  return success;
}

int Machine::cuEventDestroy_v2(void *handle) {
  Event *event;
  if (int error = eventOf(handle, event)) return error;
  events.erase(handle);
  live.events--;
  return success;
}

int Machine::cuEventRecord(void *handle, void *streamHandle) {
  Event *event;
  Stream *stream;
  if (int error = eventOf(handle, event)) return error;
  if (int error = streamOf(streamHandle, stream)) return error;
  event->stream = stream;
  event->place = stream->done + stream->work.size();
  return success;
}

int Machine::cuEventQuery(void *handle) {
  Event *event;
  if (int error = eventOf(handle, event)) return error;
  return event->isReached() ? success : notReady;
}

int Machine::cuEventSynchronize(void *handle) {
  Event *event;
  if (int error = eventOf(handle, event)) return error;
  if (event->stream) drain(*event->stream, event->place);
  return success;
}

int Machine::cuStreamWaitEvent(void *streamHandle, void *handle, unsigned flags) {
  Event *event;
  Stream *stream;
  if (flags != 0) return invalidValue;
  if (int error = eventOf(handle, event)) return error;
  if (int error = streamOf(streamHandle, stream)) return error;
  // The place that the event has now: it may be recorded again before the stream comes to it.
  return submit(streamHandle, [this, place = *event] {
    if (place.stream) drain(*place.stream, place.place);
  });
}
