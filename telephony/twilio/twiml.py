"""What Twilio is told to do with a call."""

from collections.abc import Mapping

from twilio.twiml.voice_response import Connect, VoiceResponse

MEDIA_TYPE = "application/xml"


def connect_stream(url: str, parameters: Mapping[str, str]) -> str:
    """Stream the call's audio both ways; parameters travel here because the URL takes no query."""
    response = VoiceResponse()
    connect = Connect()
    stream = connect.stream(url=url)
    for name, value in parameters.items():
        stream.parameter(name=name, value=value)
    response.append(connect)
    return str(response)


def say_and_hang_up(text: str, language: str = "en-US") -> str:
    """Let Twilio itself say a sentence, for a call that no agent can take."""
    response = VoiceResponse()
    response.say(text, language=language)
    response.hangup()
    return str(response)
