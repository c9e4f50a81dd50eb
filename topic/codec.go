package topic

import (
	"errors"
	"fmt"
	"reflect"

	"google.golang.org/protobuf/proto"

	"github.com/azutoolkit/echo/transport"
)

// coded gives the topic a codec, and makes sure at once that messages of its type can be written with it.
func coded[M any](c *core) error {
	typ := reflect.TypeFor[M]()
	codec := c.set.codec
	if codec == nil {
		codec = codecFor(typ)
	}
	if err := tryCodec(codec, typ); err != nil {
		return err
	}
	c.set.codec = codec
	c.encode = func(h *header) ([]byte, error) { return codec.Encode(valueOf[M](h)) }
	c.decode = func(data []byte) (*header, error) {
		h, m := receiver[M](typ)
		if err := codec.Decode(data, m()); err != nil {
			return nil, err
		}
		if nilable(typ) && isNil(valueOf[M](h)) {
			return nil, ErrNil
		}
		return h, nil
	}
	return nil
}

// receiver is a message and a pointer that a codec can decode into. Protobuf needs a message to decode into, not a pointer
// to a nil one.
func receiver[M any](typ reflect.Type) (*header, func() any) {
	m := &message[M]{}
	m.self = m
	return &m.header, func() any {
		if typ.Kind() == reflect.Pointer && typ.Implements(protoMessage) {
			m.value = reflect.New(typ.Elem()).Interface().(M)
			return m.value
		}
		return &m.value
	}
}

var protoMessage = reflect.TypeFor[proto.Message]()

func codecFor(typ reflect.Type) transport.Codec {
	switch {
	case typ.Implements(protoMessage):
		return protobuf{}
	case typ.Kind() == reflect.String, typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Uint8:
		return transport.Raw
	}
	return transport.JSON
}

// tryCodec writes and reads a value of the type, so that one that cannot be is found when the topic is opened.
func tryCodec(codec transport.Codec, typ reflect.Type) error {
	if typ.Kind() == reflect.Interface {
		if codec == transport.JSON {
			return fmt.Errorf("%v is an interface: what is read from a transport has no type to become; use a concrete type, or give a Codec", typ)
		}
		return nil
	}
	v := reflect.New(typ).Elem()
	if typ.Kind() == reflect.Pointer {
		v = reflect.New(typ.Elem())
	}
	err := outcome(func() error {
		if codec == transport.JSON {
			if why := unwritable(typ, map[reflect.Type]bool{}); why != "" {
				return errors.New(why)
			}
		}
		_, err := codec.Encode(v.Interface())
		return err
	})
	if err != nil {
		return fmt.Errorf("messages of type %v cannot be written to a transport: %w; use another type, or give a Codec", typ, err)
	}
	return nil
}

// protobuf is the codec for proto.Message.
type protobuf struct{}

func (protobuf) ContentType() string { return "application/protobuf" }

func (protobuf) Encode(v any) ([]byte, error) {
	data, err := proto.Marshal(v.(proto.Message))
	if err != nil {
		return nil, fmt.Errorf("topic: encode %T as protobuf: %w", v, err)
	}
	return data, nil
}

func (protobuf) Decode(data []byte, into any) error {
	if err := proto.Unmarshal(data, into.(proto.Message)); err != nil {
		return fmt.Errorf("topic: decode protobuf into %T: %w", into, err)
	}
	return nil
}
