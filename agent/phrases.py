"""The plain phrases of telephone calls, by what they are for."""

import re
from enum import StrEnum
from typing import Final


class Intent(StrEnum):
    """Why the caller spoke."""

    GREETING = "greeting"
    GOODBYE = "goodbye"
    THANKS = "thanks"
    REPEAT = "repeat"
    PERSON = "person"
    MESSAGE = "message"
    BOOKING = "booking"
    IDENTITY = "identity"
    WAIT = "wait"
    AFFIRMATIVE = "affirmative"
    NEGATIVE = "negative"
    CANCEL = "cancel"
    NOTHING = "nothing"
    QUESTION = "question"


# What people put around a request. It says nothing by itself.
FILLERS: Final = (
    r"(?:very much|so much|a lot|um+|uh+|er+|ah+|oh|hmm+|well|so|okay|ok|"
    r"and|but|actually|yeah so|right so|like|"
    r"you know|let's see|let me see|quick question|a quick question|i have a (?:quick )?question|"
    r"i've got a (?:quick )?question|one more (?:thing|question)|another question|also|"
    r"sorry|great|perfect|wonderful|awesome|cool|fine|good|alright|all right|got it|i see|"
    r"sounds good|"
    r"that's (?:great|good|fine|perfect|helpful|right)|that is (?:great|good|fine)|"
    r"sir|ma'am|there|then|please|sorry to bother you|excuse me)"
)
# In order of weight: of several phrases in one turn the first listed names its intent.
PHRASES: Final[tuple[tuple[Intent, str], ...]] = (
    (
        Intent.GOODBYE,
        r"(?:good ?bye|bye(?:[ -]bye)*|see you(?: (?:then|soon|later|tomorrow))?|"
        r"(?:you )?have a (?:good|great|nice|lovely) (?:day|one|evening|weekend|afternoon|night)|"
        r"you too|take care|talk to you (?:later|soon)|"
        r"(?:i think )?(?:that's|that is|that'll be|that will be|that was) "
        r"(?:all|it|everything)(?: for (?:now|today|me))?(?: i (?:need|needed|wanted|have))?"
        r"(?: to know)?|"
        r"i'm (?:all )?(?:good|set|done)|(?:no )?nothing else|i (?:have|got|'ve got) to go|"
        r"i'll let you go)",
    ),
    (
        Intent.CANCEL,
        r"(?:never ?mind|forget (?:it|about it)|don't bother|cancel that|leave it|"
        r"i'll call (?:back )?(?:later|again))",
    ),
    (
        Intent.REPEAT,
        r"(?:(?:could|can|would) you (?:please )?(?:repeat|say) (?:that|it)(?: again| once more)?|"
        r"(?:please )?(?:say|repeat) (?:that|it)(?: again)?(?: for me)?|say again|come again|"
        r"pardon(?: me)?|what was that(?: again)?|what did you say|one more time|once more|again|"
        r"i (?:didn't|did not|couldn't) (?:catch|hear|get|understand) (?:that|you|it)|"
        r"sorry(?: what)?|i'm sorry(?: what)?|what|huh|excuse me)",
    ),
    (
        Intent.PERSON,
        r"(?:(?:(?:can|could|may) i|i(?:'d| would) (?:like|prefer|love) to|i (?:want|need) to|"
        r"let me|i'd rather|is it possible to) "
        r"(?:please )?(?:talk|speak)(?: to| with) (?:a |an |the |some |somebody|someone)?"
        r"(?:real |actual |live )?(?:person|human(?: being)?|one|body|agent|operator|"
        r"representative|receptionist|manager|somebody|someone|staff)?(?: (?:real|else|there))?|"
        r"(?:get|give|put|connect|transfer) me (?:to |through to )?(?:a |an |the |some)?"
        r"(?:real |actual |live )?(?:person|human|body|one|operator|agent|representative)|"
        r"(?:is there )?(?:a |an )?(?:real person|operator|representative|human)"
        r"(?: i (?:can|could) (?:talk|speak) to)?|"
        r"(?:can|could) (?:someone|somebody) call me(?: back)?)",
    ),
    (
        Intent.MESSAGE,
        r"(?:(?:(?:can|could|may) i|i(?:'d| would) like to|i want to|let me) (?:just )?leave "
        r"(?:you )?(?:a |my )?message(?: for [a-z. ]{2,30})?|(?:can|could) you take a message"
        r"(?: for [a-z. ]{2,30})?|take a message)",
    ),
    (
        Intent.BOOKING,
        r"(?:(?:(?:can|could|may) i|i(?:'d| would) like to|i (?:want|need) to|i'm calling to|"
        r"i was hoping to|i wanted to|(?:can|could) you) (?:please )?"
        r"(?:book|make|schedule|set up|get|reserve|arrange) (?:me )?(?:in |an |a |my )?"
        r"(?:appointment|visit|time|slot|table|reservation|booking)"
        r"(?: (?:for|with|on|at) [a-z0-9' ]{2,40})?|"
        r"book me in(?: for [a-z0-9' ]{2,40})?|"
        r"i(?:'d like| would like| need| want) an appointment)",
    ),
    (
        Intent.IDENTITY,
        r"(?:are you (?:a |an )?(?:real|robot|bot|machine|computer|ai|a\.i\.|human|person|"
        r"real person|recording)(?: person| human)?|is this (?:a |an )?(?:robot|bot|machine|"
        r"recording|ai|computer|real person)|am i (?:talking|speaking) to (?:a |an )?"
        r"(?:robot|machine|computer|bot|person|human|real person))",
    ),
    (
        Intent.WAIT,
        r"(?:(?:hold|hang) on(?: a (?:second|minute|moment|sec))?|(?:just )?(?:one|a) "
        r"(?:moment|second|minute|sec)|wait(?: a (?:second|minute|moment|sec))?|bear with me|"
        r"give me a (?:second|minute|moment|sec)|let me (?:think|check|get a pen))",
    ),
    (
        Intent.NEGATIVE,
        r"(?:no|nope|nah|no thanks|no thank you|not really|not (?:right )?now|not today|"
        r"i don't think so|that's (?:wrong|not right)|that's okay|that's ok|i'm okay|i'm fine)",
    ),
    (
        Intent.AFFIRMATIVE,
        r"(?:yes|yeah|yep|yup|sure|of course|certainly|absolutely|definitely|correct|"
        r"that's (?:right|correct)|exactly|right|go ahead|please do|yes please|"
        r"i would|i'd like that|that would be (?:great|good|nice|fine)|sounds (?:good|great)|"
        r"mm-?hm+|m+-?hm+|mhm+|uh-?huh|mm+|hm+|mm hm+)",
    ),
    (Intent.THANKS, r"(?:thank you|thanks|thank you kindly|i appreciate (?:it|that)|cheers)"),
    (
        Intent.GREETING,
        r"(?:hello|hi|hey|hi there|hello there|good (?:morning|afternoon|evening)|"
        r"how are you(?: (?:doing|today))*|can you hear me|are you there|anybody there)",
    ),
)
COURTESIES: Final = re.compile(
    r"^(?:(?:i was (?:just )?(?:wondering|calling to (?:ask|find out|see|check))|"
    r"i(?:'m| am) (?:just )?(?:wondering|calling to (?:ask|find out|see|check)|calling about)|"
    r"i (?:just )?(?:wanted|want|need|would like|'d like) to (?:know|ask|find out|check)|"
    r"i(?:'d| would) (?:just )?like to (?:know|ask|find out|check)|"
    r"(?:can|could|would) you (?:please |maybe )?(?:tell|let) me(?: know)?|"
    r"do you (?:happen to )?know|do you mind telling me|tell me|"
    r"may i ask|can i ask(?: you)?|(?:if|whether))\b[ ,]*)+"
)
