package rehearsal

import "resolute/agent/rehearsal/scenario"

// occasion is why a customer writes.
type occasion int

// The occasions.
const (
	tells     occasion = iota // what they were asked for, in place of {}
	corrects                  // what they said wrong before, the right one in place of {}
	evades                    // something else than what they were asked for
	knowsNot                  // that they don't know
	thanks                    // for a reply
	complains                 // about a reply
	asksAgain                 // what a reply means
	chases                    // that they heard nothing
	givesUp                   // that they won't write again
	occasions                 // how many there are
)

// phrases are how a persona says something. None has a digit or a word in capitals: what they tell
// stands out alone.
var phrases = map[scenario.Persona][occasions][]string{
	scenario.Plain: {
		tells:     {"It is {}.", "That would be {}.", "Here it is: {}"},
		corrects:  {"Sorry, I was wrong: it is {}.", "Please forget my last message, the right one is {}."},
		evades:    {"I don't have it at hand just now.", "Can't you look that up yourselves?"},
		knowsNot:  {"I don't know that.", "I have no idea where I would find that."},
		thanks:    {"Thank you, that helps.", "Great, thanks."},
		complains: {"That is not what I hoped for.", "I am not happy with this."},
		asksAgain: {"What does that mean for me?", "And what happens now?"},
		chases:    {"Is there any news?", "I haven't heard anything yet."},
		givesUp:   {"Never mind then.", "Please leave it, I will manage without you."},
	},
	scenario.Terse: {
		tells:     {"{}", "{}."},
		corrects:  {"no, {}", "wrong, {}"},
		evades:    {"later", "look it up"},
		knowsNot:  {"no idea", "dunno"},
		thanks:    {"thx", "ok"},
		complains: {"not good enough", "no"},
		asksAgain: {"meaning?", "and now?"},
		chases:    {"news?", "well?"},
		givesUp:   {"forget it", "drop it"},
	},
	scenario.Chatty: {
		tells: {"Hello again! I had to go up to the attic for it, my husband files everything in the oddest places, but here we are: {} is the one. Have a lovely day!",
			"Oh of course, how silly of me, I should have said so right away. My neighbour always says I would forget my own head. It is {}, I just read it from the screen."},
		corrects: {"Oh dear, now I have mixed things up, my daughter just noticed. It isn't that one at all, it is {}! So sorry for the trouble, really.",
			"Me again! I looked at the wrong paper, would you believe it. The right one says {}."},
		evades: {"Well, it was a Tuesday, I remember because we had my sister over, and she said that it looked lovely in the picture. We must have ordered it right after dinner.",
			"You know, I thought that you would have all of this in your system anyway! These computers know everything about us nowadays."},
		knowsNot:  {"I would love to tell you, I really would, but I wouldn't know where to look. My son usually does these things for me."},
		thanks:    {"Oh how wonderful, thank you so very much! I will tell all my friends how kind you were.", "You are an angel, thank you! Have a lovely weekend, and greetings to everybody there."},
		complains: {"I must say that I am a little sad about this, after all these years with you. It isn't about the money, it is about how one is treated."},
		asksAgain: {"Thank you for writing! I am not sure that I understood everything, could somebody tell me once more what I have to do now? I am not so good with these things."},
		chases:    {"Hello, it's me again! I only wanted to ask whether there is anything new, no hurry of course, I just look into my mail every day."},
		givesUp:   {"You know what, let us just leave it, life is too short. All the best to you anyway!"},
	},
	scenario.Angry: {
		tells:     {"I have told you people already!! {} !!", "Fine. It is {}. Now do something!!"},
		corrects:  {"Obviously I meant {}, and if your forms weren't such a mess I would have seen it!", "Not that one. {}! Read what people write for once!"},
		evades:    {"Why do I have to do your work for you? You have all that!", "Stop asking me questions and fix it!!"},
		knowsNot:  {"How am I supposed to know that?!", "I don't know and I don't care. You sold it to me!"},
		thanks:    {"Finally. Thanks for nothing.", "About time."},
		complains: {"This is a joke. I want to speak to your manager, now!", "Unacceptable!! You will hear from my lawyer."},
		asksAgain: {"And what exactly is that supposed to mean?!", "So? What now? Do I get it or not?!"},
		chases:    {"Hello?! Is anybody there at all?", "Still nothing. Unbelievable!"},
		givesUp:   {"Forget it. Never again with you!", "I am done with you. I will tell everybody about this."},
	},
	scenario.Foreign: {
		tells:     {"Guten Tag, es handelt sich um {}. Mit freundlichen Grüßen", "Das ist {}, danke."},
		corrects:  {"Entschuldigung, das war falsch. Richtig ist {}.", "Ich habe mich vertan, gemeint ist {}."},
		evades:    {"Das habe ich gerade nicht zur Hand.", "Können Sie das nicht selbst nachsehen?"},
		knowsNot:  {"Das weiß ich leider nicht.", "Ich verstehe die Frage nicht."},
		thanks:    {"Vielen Dank für die schnelle Hilfe!", "Danke schön."},
		complains: {"Damit bin ich gar nicht einverstanden.", "Das ist sehr enttäuschend."},
		asksAgain: {"Was bedeutet das jetzt für mich?", "Und wie geht es weiter?"},
		chases:    {"Gibt es schon etwas Neues?", "Ich habe noch keine Antwort bekommen."},
		givesUp:   {"Dann lassen Sie es bitte.", "Das hat sich erledigt."},
	},
}
